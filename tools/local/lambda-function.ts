import {
  type EnvironmentState,
  type ExecutionEnvironment,
  type FunctionLine,
  type FunctionSettings,
  type Invocation,
  startExecutionEnvironment,
} from "./execution-environment.ts";

export interface LambdaFunctionOptions extends FunctionSettings {
  readonly maximumConcurrency: number;
  readonly onLine: (line: FunctionLine) => void;
}

export interface EnvironmentStatus {
  readonly id: string;
  readonly pid: number | undefined;
  readonly state: EnvironmentState;
}

/** What Lambda calls an invocation for which there is no concurrency left. */
export const THROTTLED = "TooManyRequestsException";

/** A function with its execution environments: as many as invocations at once have needed, and no more than allowed. */
export interface LambdaFunction {
  readonly name: string;
  /** Takes an idle environment, starts one, or waits for one; or is throttled. Never rejects. */
  invoke(event: string): Promise<Invocation>;
  /**
   * From now on, an invocation that comes while so many are under way is throttled, as when the concurrency that is reserved
   * for the function, or left in its account, is used up. Lambda would ask some more times before records are left to their
   * visibility timeout.
   */
  reserve(concurrency: number): void;
  environments(): readonly EnvironmentStatus[];
  /** Gives it other variables, as a deployment does: environments that have the old ones end when they are idle. */
  configure(environment: Readonly<Record<string, string>>): void;
  /** Ends one environment at once, whatever it does; resolves when it is gone. False where there is none of this id. */
  kill(environmentId: string): Promise<boolean>;
  /** Ends all environments at once; what is or will be invoked fails. */
  close(): Promise<void>;
}

export function startLambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const environments = new Set<ExecutionEnvironment>();
  const idle: ExecutionEnvironment[] = [];
  const waiting: (() => void)[] = [];
  /** Those of an earlier configuration that are not idle yet. */
  const outdated = new WeakSet<ExecutionEnvironment>();
  let settings: FunctionSettings = options;
  let reserved = Number.POSITIVE_INFINITY;
  let underWay = 0;
  let closed = false;

  async function takeEnvironment(): Promise<ExecutionEnvironment | undefined> {
    while (!closed) {
      for (const environment of idle.splice(0)) {
        if (environment.state() === "idle") idle.push(environment);
        else environments.delete(environment);
      }
      // The one that was used last is the likeliest to have open connections.
      const environment = idle.pop();
      if (environment !== undefined) return environment;
      if (environments.size < options.maximumConcurrency) return startEnvironment();
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return undefined;
  }

  function startEnvironment(): ExecutionEnvironment {
    const environment = startExecutionEnvironment(settings, options.onLine);
    environments.add(environment);
    return environment;
  }

  async function invoke(event: string): Promise<Invocation> {
    const environment = await takeEnvironment();
    if (environment === undefined) {
      return { ok: false, errorType: "Stopped", errorMessage: `${options.name} has been stopped` };
    }
    const invocation = await environment.invoke(event);
    if (outdated.has(environment)) await environment.kill();
    if (environment.state() === "idle") idle.push(environment);
    else environments.delete(environment);
    waiting.shift()?.();
    return invocation;
  }

  return {
    name: options.name,
    async invoke(event) {
      if (underWay >= reserved) return { ok: false, errorType: THROTTLED, errorMessage: "Rate Exceeded." };
      underWay += 1;
      const invocation = await invoke(event);
      underWay -= 1;
      return invocation;
    },
    reserve(concurrency) {
      reserved = concurrency;
    },
    environments: () =>
      [...environments]
        .map(({ id, pid, state }) => ({ id, pid, state: state() }))
        .filter(({ state }) => state !== "gone"),
    configure(environment) {
      settings = { ...options, environment };
      for (const one of idle.splice(0)) {
        environments.delete(one);
        void one.kill();
      }
      for (const one of environments) outdated.add(one);
    },
    async kill(environmentId) {
      const environment = [...environments].find(({ id }) => id === environmentId);
      if (environment === undefined) return false;
      await environment.kill();
      environments.delete(environment);
      waiting.shift()?.();
      return true;
    },
    async close() {
      closed = true;
      for (const resolve of waiting.splice(0)) resolve();
      await Promise.all([...environments].map((environment) => environment.kill()));
      environments.clear();
    },
  };
}
