declare module "dynalite" {
  import type { Server } from "node:http";

  /** An in-memory DynamoDB behind an HTTP server that does not listen yet. */
  function dynalite(options?: { readonly createTableMs?: number }): Server;
  // biome-ignore lint/style/noDefaultExport: it is how the package is.
  export default dynalite;
}
