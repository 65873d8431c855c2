import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

export interface Package {
  readonly template: Template;
  readonly templateFile: string;
  /** Of one of its files. */
  read(name: string): Promise<Buffer>;
  remove(): Promise<void>;
}

/**
 * `serverless package` without an account, credentials or a way out to the network.
 *
 * @throws {Error} with what the command printed, when it fails
 */
export async function serverlessPackage(options: readonly string[]): Promise<Package> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
  const command = join(CHECKOUT, "node_modules/.bin/serverless");
  const nowhere = "http://127.0.0.1:9";
  const env = { PATH: process.env["PATH"], HOME: folder, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere };
  const remove = () => rm(folder, { recursive: true });
  const read = (name: string) => readFile(join(folder, name));
  try {
    await new Promise<void>((resolve, reject) => {
      execFile(command, ["package", "--package", folder, ...options], { cwd: CHECKOUT, env }, (error, stdout) =>
        error ? reject(new Error(stdout, { cause: error })) : resolve(),
      );
    });
    const name = "cloudformation-template-update-stack.json";
    const template = JSON.parse(String(await read(name)));
    return { template, templateFile: join(folder, name), read, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The properties of all resources of a type, by logical id. */
export function ofType<Properties>({ Resources }: Template, type: string): Readonly<Record<string, Properties>> {
  return Object.fromEntries(
    Object.entries(Resources).flatMap(([id, one]) => (one.Type === type ? [[id, one.Properties as Properties]] : [])),
  );
}
