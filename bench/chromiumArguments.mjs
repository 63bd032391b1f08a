/** How Chromium is started for every figure: without a sandbox (root) and with a software GL. */
export const CHROMIUM_ARGUMENTS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
