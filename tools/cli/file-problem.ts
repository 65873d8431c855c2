/** By the code of the system's error: what it means, and what to do. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder. Is the path right?",
  EISDIR: "it is a folder. Name a file.",
  ENOTDIR: "a part of its path is a file, and should be a folder. Is the path right?",
  EACCES: "the permission is missing. Who may, says ls -ld.",
  EPERM: "the permission is missing. Who may, says ls -ld.",
  EROFS: "that disk can only be read. Name a place on another one.",
  ENOSPC: "the disk is full. Make room, or name a place on another one.",
  EEXIST: "it is there already. Name a new one.",
};

/** Why a file cannot be read or written, after the colon of a sentence that names it, and what to do. */
export function fileProblem(cause: unknown): string {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  const [what, ...cure] = (PROBLEMS[code] ?? "the system does not say why. Look at the path, and at the disk.").split(
    /(?<=\.) /,
  );
  return [what?.replace(/\.$/, ` (${code}).`), ...cure].join(" ");
}

/** Whether the system itself has refused something, such as to open a file. */
export function isSystemError(error: unknown): boolean {
  return /^E[A-Z]+$/.test((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}
