/** Displays of 7 to 10 inches, upright and lying. */
export const DISPLAYS = {
  upright: { width: 800, height: 1280 },
  lying: { width: 1280, height: 800 },
  small: { width: 1024, height: 600 },
};
