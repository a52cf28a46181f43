/**
 * The engine cannot signal a command that it was asked to run in a container, so it is done by hand: through the host's process table
 * where the engine's processes are in it, and else by a small shell in the container.
 */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import type { ExecSignal } from '../../ports/exec.ts'
import { statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'

export interface Signalled {
  readonly docker: Dockerode
  readonly container: string
  readonly exec: Dockerode.Exec
  /** What the command and all that it has started carry in their environment, as `NAME=value`. */
  readonly mark: string
}

/**
 * SIGKILL goes to all that the command has started, any other signal to the command alone. Nothing happens when it has ended. Where neither
 * way is open (an engine on another host, an image without a shell), it goes on.
 */
export async function signalExec({ docker, container, exec, mark }: Signalled, name: ExecSignal): Promise<void> {
  const { Running, Pid } = await ask(null, () => exec.inspect())
  if (!Running || Pid === 0) return
  if (!(await isMarked(String(Pid), mark))) return inContainer(docker, { container, mark, name })
  if (name === 'SIGKILL') for (const pid of await marked(mark)) kill(Number(pid), name)
  else kill(Pid, name)
}

/** How long is looked for a command that is only starting, or does not die at once, with ever longer pauses between the looks. */
const longestPause = 5_000

/**
 * Kills the command and all that it has started, again and again until it has ended: the engine may have been told to start it and not
 * have done so yet. Returns whether it has ended.
 */
export async function killExec(signalled: Signalled): Promise<boolean> {
  for (let pause = 20; pause < longestPause; pause *= 2) {
    try {
      const { Running, ExitCode } = await ask(null, () => signalled.exec.inspect())
      if (!Running && ExitCode !== null) return true
      await signalExec(signalled, 'SIGKILL')
    } catch (error) {
      // The container is gone, and what ran in it with it.
      if (statusOf(error) === 404) return true
      throw error
    }
    await wait(pause)
  }
  return false
}

const marked = async (mark: string): Promise<readonly string[]> => {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const found = await Promise.all(pids.map(async (pid) => ((await isMarked(pid, mark)) ? [pid] : [])))
  return found.flat()
}

/** The number may be another process's, here or in the engine's own world: only the mark says whose it is. */
async function isMarked(pid: string, mark: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').includes(mark)
  } catch (error) {
    if (isOutOfReach(error)) return false
    throw error
  }
}

function kill(pid: number, name: ExecSignal): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!isOutOfReach(error)) throw error
  }
}

const isOutOfReach = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR'].includes(String(error.code))

/** The first that carries the mark is the command itself: it was there before what it has started. */
const script = `
for one in $(ls /proc | grep '^[0-9]' | sort -n); do
  [ "$one" != $$ ] && tr '\\0' '\\n' < /proc/$one/environ 2>/dev/null | grep -qx "$1" || continue
  kill -"$2" "$one" 2>/dev/null
  [ "$2" = KILL ] || exit 0
done`

async function inContainer(
  docker: Dockerode,
  { container, mark, name }: { readonly container: string; readonly mark: string; readonly name: ExecSignal },
): Promise<void> {
  try {
    const killer = await ask(null, () =>
      docker.getContainer(container).exec({
        Cmd: ['sh', '-c', script, 'sh', mark, name.slice('SIG'.length)],
        AttachStdout: true,
        AttachStderr: true,
      }),
    )
    const output = await ask(null, () => killer.start({}))
    await ask(null, () => new Promise<void>((resolve) => output.resume().once('close', () => resolve())))
  } catch (error) {
    // The container has ended, or is gone: so has what ran in it.
    if (![404, 409].includes(statusOf(error) ?? 0)) throw error
  }
}
