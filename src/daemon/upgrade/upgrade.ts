/**
 * `clawnode upgrade`: brings the daemon of this host to the build that is on disk, and with `--drain` has its work elsewhere meanwhile.
 * Getting that build there is the package manager's task: there is no channel of our own to fetch one from.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemTools } from '../../adapters/system/tool.ts'
import type { FlagValues } from '../../config/clawnode-flags.ts'
import { Api } from '../../doors/cli/peer/api.ts'
import { drainStates } from '../../doors/cli/work/follow.ts'
import { HttpTransport } from '../../doors/cli/peer/http-transport.ts'
import { leftInWords } from '../../doors/cli/show/openness.ts'
import { spanOption } from '../../doors/cli/line/span-option.ts'
import { ClawError, isClawError } from '../../model/failure.ts'
import { toolProblem } from '../../ports/tool.ts'
import type { OutputOf } from '../../operations/registry.ts'
import type { Told } from '../preflight/preflight.ts'
import { configFromCommandLine } from '../settings.ts'
import { thenReopen } from './then-reopen.ts'

interface Around {
  /** Of the build that is on disk. */
  readonly version: string
  readonly signal: AbortSignal
  tell(line: string): void
}

const restartMs = 60_000
const usualDrainMs = 1_800_000

/** Throws DEADLINE_EXCEEDED when the work does not leave in time, and HOST_UNSUITABLE when the daemon cannot be restarted. */
export async function upgrade(values: FlagValues, around: Around): Promise<Told> {
  const { dataDir } = await configFromCommandLine(values)
  const patience = spanOption('--timeout', values['timeout'] as string | undefined) ?? usualDrainMs
  const api = new Api(new HttpTransport({ kind: 'socket', path: join(dataDir, 'api.sock') }))
  const restart = (values['restart-with'] as string | undefined) ?? systemdRestart()
  const isDraining = values['drain'] === true
  const { signal, version, tell } = around
  const { name, version: before } = await api.call('gateway.ping', {}, signal)
  const { scheduling, running } = await api.call('node.info', { node: name }, signal)
  if (values['dry-run'] === true)
    return { text: plan({ name, before, version, running: running.length, isDraining, restart }), exitCode: 0 }
  if (restart === null) throw unsuitable()

  if (isDraining) await drain(api, name, { patience, mode: scheduling.mode, ...around })
  const restarting = async (): Promise<void> => {
    tell(`restarting ${name}: ${restart}`)
    await runRestart(restart)
    await answering(api, { version, signal })
  }
  const reopening = (): Promise<void> => (isDraining ? reopen(api, name, scheduling.mode) : Promise.resolve())
  await thenReopen(name, restarting, reopening, tell)
  return {
    text: `${name} runs build ${version}${version === before ? ', as before' : `, before ${before}`}`,
    exitCode: 0,
  }
}

type Mode = OutputOf<'node.info'>['scheduling']['mode']

interface Plan {
  readonly name: string
  readonly before: string
  readonly version: string
  readonly running: number
  readonly isDraining: boolean
  readonly restart: string | null
}

const plan = ({ name, before, version, running, isDraining, restart }: Plan): string =>
  [
    `${name} runs build ${before}; on disk is ${version}.`,
    'Would:',
    ...(isDraining ? [`  drain ${name}: ${running} workload(s) go elsewhere first`] : []),
    `  restart it${restart === null ? ', which needs --restart-with here' : `: ${restart}`}; ${isDraining ? 'nothing' : `${running} workload(s)`} of it runs on meanwhile`,
    '  wait until the new one answers',
    ...(isDraining ? [`  let work onto ${name} again`] : []),
    'Bring another build with your package manager first: this fetches none.',
  ].join('\n')

const systemdRestart = (): string | null =>
  existsSync('/run/systemd/system') && existsSync('/etc/systemd/system/clawnode.service')
    ? 'systemctl restart clawnode'
    : null

const unsuitable = (): ClawError =>
  new ClawError('HOST_UNSUITABLE', {
    what: 'Restarting the daemon',
    reason: 'it is no service of systemd here; say with --restart-with how it is restarted',
  })

interface Draining extends Around {
  readonly patience: number
  readonly mode: Mode
}

/** When it does not get empty, it is as open as before. */
async function drain(api: Api, node: string, { patience, mode, signal, tell }: Draining): Promise<void> {
  await api.call('node.drain', { node, reason: 'upgrade' }, signal)
  const late = AbortSignal.timeout(patience)
  let left = -1
  try {
    for await (const state of drainStates(api, node, AbortSignal.any([signal, late]))) {
      if (state.left.length !== left) tell(`${node} has ${state.left.length} workload(s) left`)
      for (const line of state.left.length === left ? [] : leftInWords(state)) tell(line)
      left = state.left.length
    }
  } catch (error) {
    await reopen(api, node, mode)
    if (late.aborted)
      throw new ClawError('DEADLINE_EXCEEDED', { what: `draining ${node}`, ms: patience }, { cause: error })
    throw error
  }
}

/** Not on the signal of the command: what was closed has to be opened even when it was called off. */
async function reopen(api: Api, node: string, mode: Mode): Promise<void> {
  const signal = AbortSignal.timeout(restartMs)
  if (mode === 'draining') return
  await api.call('node.undrain', { node }, signal)
  if (mode === 'cordoned') await api.call('node.cordon', { node }, signal)
}

async function runRestart(command: string): Promise<void> {
  const limits = { timeoutMs: restartMs, maxBytes: 65_536, signal: AbortSignal.timeout(restartMs) }
  const reason = toolProblem('the restart', await systemTools()('/bin/sh', ['-c', command], limits), restartMs)
  if (reason !== null) throw new ClawError('HOST_UNSUITABLE', { what: 'Restarting the daemon', reason })
}

/** Until the daemon answers with the build that was wanted. */
async function answering(api: Api, { version, signal }: Pick<Around, 'version' | 'signal'>): Promise<void> {
  const end = Date.now() + restartMs
  for (let last = 'nothing answers'; ; await sleep(100, undefined, { signal })) {
    try {
      const ping = await api.call('gateway.ping', {}, signal)
      if (ping.version === version) return
      last = `build ${ping.version} still answers`
    } catch (error) {
      if (!isClawError(error)) throw error
      last = error.message
    }
    if (Date.now() > end) throw new ClawError('HOST_UNSUITABLE', { what: 'The restart', reason: last })
  }
}
