/** Hosts some of the daemons of a simulation in one process. Started by `clawbernetes sim`; people have no use for it. */
import { startDaemon, type Daemon } from '../daemon/daemon.ts'
import { enrol } from '../daemon/enrol.ts'
import { pacedClock } from '../daemon/paced-clock.ts'
import { ClawError, failureBody, isClawError } from '../model/failure.ts'
import type { FromWorker, ToWorker } from './sim/worker-messages.ts'

const daemons = new Map<string, Daemon>()
const { signal } = new AbortController()

// Every daemon listens for what would end the process.
process.setMaxListeners(0)
// Ctrl-C at a terminal reaches all processes: whoever started this one decides when it ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToWorker) => {
  carryOut(message).then(say, (error: unknown) => say({ type: 'failed', peer: message.peer, failure: bodyOf(error) }))
})

async function carryOut(message: ToWorker): Promise<FromWorker> {
  const { peer } = message
  if (message.type === 'stop') {
    await daemons.get(peer)?.stop()
    daemons.delete(peer)
    return { type: 'done', peer }
  }
  const { config, token, version, pace } = message
  const init = { config, token, version, signal, clock: pacedClock(pace) }
  if (message.type === 'enrol') await enrol(init)
  else {
    const daemon = await startDaemon(init)
    daemons.set(peer, daemon)
    tellWhenBroken(peer, daemon)
  }
  return { type: 'done', peer }
}

function tellWhenBroken(peer: string, { failed }: Daemon): void {
  failed.then(
    () => say({ type: 'broken', peer }),
    () => {},
  )
}

const bodyOf = (error: unknown) =>
  failureBody(
    isClawError(error) ? error : new ClawError('INTERNAL', { detail: (error as Error).stack ?? String(error) }),
  )

function say(message: FromWorker): void {
  // Whoever started this process may have gone meanwhile; then this one ends, too.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
