/**
 * A terminal for a command, made by util-linux' `script`: it has the command in a session of its own behind a pseudo-terminal, passes bytes
 * on both ways, and exits as the command does.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ClawError } from '../../model/failure.ts'
import type { TerminalSize } from '../../ports/exec.ts'
import { hasCode } from '../../lib/error-code.ts'

const run = promisify(execFile)

/** Throws EXEC_FAILED where the host cannot give a terminal: older versions lose the command's exit code or its last output. */
export async function requireTerminals(): Promise<void> {
  try {
    const { stdout } = await run('script', ['--version'])
    const [, major = 0, minor = 0] = (/util-linux (\d+)\.(\d+)/.exec(stdout) ?? []).map(Number)
    if (major > 2 || (major === 2 && minor >= 35)) return
  } catch (error) {
    // Another `script` than the one of util-linux does not know the option.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
  const detail =
    'the process executor makes terminals with `script` of util-linux 2.35 or later, which this host does not have'
  throw new ClawError('EXEC_FAILED', { detail: `${detail}; leave out -t` })
}

/** The command behind a terminal of that size. What it has to be resized and signalled by is left in the folder. */
export function inTerminal(
  command: readonly string[],
  { columns, rows }: TerminalSize,
  folder: string,
): readonly string[] {
  const line = [
    `tty > ${quoted(join(folder, 'tty'))}`,
    `echo $$ > ${quoted(join(folder, 'pid'))}`,
    `stty rows ${rows} cols ${columns}`,
    `exec ${command.map(quoted).join(' ')}`,
  ].join('; ')
  return ['script', '--quiet', '--return', '--flush', '--command', line, '/dev/null']
}

/** Changes the size as the terminal's window would. Nothing happens before the terminal is there, or after its end. */
export async function resizeTerminal(folder: string, { columns, rows }: TerminalSize): Promise<void> {
  const tty = await readLine(join(folder, 'tty'))
  if (tty === null || !/^\/dev\/(pts\/\d+|tty\w+)$/.test(tty)) return
  try {
    await run('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)])
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

/** The command's own process; null before it runs. */
export async function pidInTerminal(folder: string): Promise<number | null> {
  const pid = Number(await readLine(join(folder, 'pid')))
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null
}

async function readLine(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
