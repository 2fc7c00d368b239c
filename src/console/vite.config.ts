import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Everything the page needs is bundled: it runs in rooms without a way to the internet, under a strict CSP. */
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // `light-dark()` is left to the browser: rewritten, it would lose sight of Mantine's colour scheme.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
});
