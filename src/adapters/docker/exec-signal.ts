/**
 * The engine cannot signal a command that it was asked to run in a container, so it is done by hand: through the host's process table
 * where the engine's processes are in it, and else by a small shell in the container.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import type { ExecSignal } from '../../ports/exec.ts'
import { statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { isOutOfReach, leaderOf, startedBy, type Traces } from './exec-processes.ts'

export interface Signalled {
  readonly docker: Dockerode
  readonly container: string
  readonly exec: Dockerode.Exec
  /** What the command, and what it has started, carry in their environment unless they were given another, as `NAME=value`. */
  readonly mark: string
}

/**
 * SIGKILL goes to all that the command has started, any other signal to the command alone. Nothing happens when it has ended. Where neither
 * way is open (an engine on another host, an image without a shell), it goes on.
 */
export async function signalExec({ docker, container, exec, mark }: Signalled, name: ExecSignal): Promise<void> {
  const { Running, Pid, ContainerID } = await ask(null, () => exec.inspect())
  if (!Running || Pid === 0) return
  const traces = { pid: Pid, container: ContainerID, mark }
  const leader = await leaderOf(traces)
  if (leader !== null && (await fromHere(traces, name))) return
  await inContainer(docker, { container, mark, name, pid: leader?.pidInside ?? null })
}

/** False when this user may not. */
async function fromHere(traces: Traces, name: ExecSignal): Promise<boolean> {
  const meant = name === 'SIGKILL' ? await startedBy(traces) : [traces.pid]
  return [...meant].map((pid) => kill(pid, name)).every((isAllowed) => isAllowed)
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

function kill(pid: number, name: ExecSignal): boolean {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!isOutOfReach(error)) throw error
    return (error as NodeJS.ErrnoException).code !== 'EPERM'
  }
  return true
}

/**
 * The mark, the signal, and the command's own process, if it is known. Else the first that carries the mark is the command itself: it was
 * there before what it has started.
 */
const script = `
session_of() { read -r stat < /proc/$1/stat; set -- \${stat##*) }; echo $4; }
[ -z "$3" ] || [ "$2" = KILL ] || { kill -"$2" "$3"; exit 0; }
for one in $(ls /proc | grep '^[0-9]' | sort -n); do
  [ "$one" != $$ ] || continue
  [ -n "$3" ] && [ "$(session_of "$one" 2>/dev/null)" = "$3" ] ||
    tr '\\0' '\\n' < /proc/$one/environ 2>/dev/null | grep -qx "$1" || continue
  kill -"$2" "$one" 2>/dev/null
  [ "$2" = KILL ] || exit 0
done`

interface InContainer {
  readonly container: string
  readonly mark: string
  readonly name: ExecSignal
  /** As the container itself counts. */
  readonly pid: number | null
}

async function inContainer(docker: Dockerode, { container, mark, name, pid }: InContainer): Promise<void> {
  try {
    const killer = await ask(null, () =>
      docker.getContainer(container).exec({
        Cmd: ['sh', '-c', script, 'sh', mark, name.slice('SIG'.length), String(pid ?? '')],
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
