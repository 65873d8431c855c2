import packageJson from "../../package.json" with { type: "json" };

/** Of the command, which is that of all that it was built with. */
export const VERSION: string = packageJson.version;
