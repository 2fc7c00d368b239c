import { createTheme } from '@mantine/core';

const FONTS =
  'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

/** Mantine's look for this page: the reader's own fonts, quiet corners, buttons with AA contrast. */
export const theme = createTheme({
  fontFamily: FONTS,
  headings: { fontFamily: FONTS },
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Consolas, monospace',
  primaryColor: 'blue',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
});
