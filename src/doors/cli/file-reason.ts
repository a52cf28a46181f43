/** Why a file of this machine cannot be used, in words rather than in those of the system. */

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it is not permitted',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
}

export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return (Object.hasOwn(reasons, code) ? reasons[code] : undefined) ?? message
}
