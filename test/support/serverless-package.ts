import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const CHECKOUT = join(import.meta.dirname, "../..");

/** A resource of a template, of whatever type. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: unknown;
}

/** The CloudFormation template that packaging produced. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** The template that deploys a stage, among the files of its package. */
export const TEMPLATE = "cloudformation-template-update-stack.json";

export interface PackagedFolder {
  /** Where the templates and the functions' archives lie. */
  readonly folder: string;
  /** What the command printed. */
  readonly output: string;
  remove(): Promise<void>;
}

/**
 * `serverless package` without an account, credentials or a way out to the network.
 *
 * @throws {Error} with what the command printed, when it fails
 */
export async function serverlessPackage(options: readonly string[]): Promise<PackagedFolder> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
  const service = await copiedService(join(folder, "service"));
  const packageFolder = join(folder, "package");
  const command = join(CHECKOUT, "node_modules/.bin/serverless");
  const nowhere = "http://127.0.0.1:9";
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = {
    PATH,
    NODE_COMPILE_CACHE,
    // Compiling the schema of `serverless.yml` takes longer than packaging. Written whole or not at all.
    SLS_SCHEMA_CACHE_BASE_DIR: join(CHECKOUT, "node_modules/.cache"),
    HOME: folder,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
  };
  const remove = () => rm(folder, { recursive: true });
  try {
    const output = await new Promise<string>((resolve, reject) => {
      execFile(
        command,
        ["package", "--package", packageFolder, ...options],
        { cwd: service, env },
        (error, stdout, stderr) => (error ? reject(new Error(stdout, { cause: error })) : resolve(stdout + stderr)),
      );
    });
    return { folder: packageFolder, output, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Serverless writes into the service's own folder before it moves what it wrote: packages of one folder mix. */
async function copiedService(folder: string): Promise<string> {
  await Promise.all(
    ["serverless.yml", "serverless.computed.cjs", "package.json", "tools/deploy", "shared", "dist"].map((part) =>
      cp(join(CHECKOUT, part), join(folder, part), { recursive: true }),
    ),
  );
  // Beside the service and not in it, where packaging looks at each of its files.
  await symlink(join(CHECKOUT, "node_modules"), join(dirname(folder), "node_modules"));
  return folder;
}

/** The properties of all resources of a type, by logical id. */
export function ofType<Properties>({ Resources }: Template, type: string): Readonly<Record<string, Properties>> {
  return Object.fromEntries(
    Object.entries(Resources).flatMap(([id, one]) => (one.Type === type ? [[id, one.Properties as Properties]] : [])),
  );
}
