/** Makes an interface: the kernel's own kind, or, where the kernel has none, that of a process of wireguard-go. */
import { spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawError } from '../../model/failure.ts'
import { attempt, type Tooling } from './commands.ts'

const socketOf = (name: string): string => `/var/run/wireguard/${name}.sock`
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Does nothing where it is there already. Throws OVERLAY_FAILED. */
export async function makeDevice(tooling: Tooling, name: string, folder: string): Promise<void> {
  if ((await attempt(tooling, 'ip', 'link', 'show', 'dev', name)).code === 0) return
  const made = await attempt(tooling, 'ip', 'link', 'add', 'dev', name, 'type', 'wireguard')
  if (made.code === 0) return
  const words = made.stderr.trim().replace(/^RTNETLINK answers: /, '')
  if (!/unknown device type|not supported/i.test(words))
    throw new ClawError('OVERLAY_FAILED', { problem: `ip link add ${name}: ${words || 'it said nothing'}` })
  await startUserspace(name, folder, tooling.signal)
}

/** How long wireguard-go may take to be there. */
const patience = 10_000

/** It outlives this daemon, so that traffic goes on while that is started again, and ends with its interface. */
async function startUserspace(name: string, folder: string, signal: AbortSignal): Promise<void> {
  const child = spawn('wireguard-go', ['--foreground', name], {
    ...{ cwd: folder, detached: true, stdio: 'ignore' },
    env: { ...process.env, WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' },
  })
  let ended: string | null = null
  child.once('error', (error: NodeJS.ErrnoException) => {
    ended = error.code === 'ENOENT' ? 'the kernel has no WireGuard and wireguard-go is not installed' : error.message
  })
  child.once('exit', (code) => {
    ended ??= `wireguard-go ended with ${code ?? 'a signal'}: is there /dev/net/tun?`
  })
  child.unref()
  const deadline = performance.now() + patience
  while (!(await isThere(socketOf(name)))) {
    if (ended !== null) throw new ClawError('OVERLAY_FAILED', { problem: ended })
    signal.throwIfAborted()
    if (performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new ClawError('OVERLAY_FAILED', { problem: `wireguard-go did not make ${name} within ${patience} ms` })
    }
    await sleep(20)
  }
}
