/** Bundles what is shipped into `dist/`. */
export {};
