// Run inside the page: every visible text whose contrast with what lies behind it is below WCAG 2.2 AA (1.4.3).
(() => {
  const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

  /** Any CSS colour as [r, g, b, alpha], alpha 0..1. */
  function rgba(colour) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }

  function over([r, g, b, a], [R, G, B]) {
    return [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  }

  function behind(element) {
    const own = rgba(getComputedStyle(element).backgroundColor);
    if (own[3] === 1) return own;
    return over(own, element.parentElement === null ? [255, 255, 255, 1] : behind(element.parentElement));
  }

  function luminance(colour) {
    const [r, g, b] = colour.slice(0, 3).map((channel) => {
      const share = channel / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(element) {
    const ground = behind(element);
    const ink = over(rgba(getComputedStyle(element).color), ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  function isLarge({ fontSize, fontWeight }) {
    const px = Number.parseFloat(fontSize);
    return px >= 24 || (px >= 18.66 && Number(fontWeight) >= 700);
  }

  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent.trim())
      .join('');
    if (text === '' || !element.checkVisibility({ visibilityProperty: true }) || element.closest(':disabled')) continue;
    const ratio = contrast(element);
    if (ratio < (isLarge(getComputedStyle(element)) ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} "${text}"`);
  }
  return found;
})();
