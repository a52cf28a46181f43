/** The composition root: makes the parts of a daemon, starts them in order, stops them in reverse. */
import { isClawError } from '../model/failure.ts'
import { belong } from './belong.ts'
import { type GroundInit, openGround } from './ground.ts'
import { startAll } from './lifecycle.ts'
import { assemble } from './parts.ts'

export interface DaemonInit extends GroundInit {
  /** Join token; null to go on in the mesh of the data directory, or to found one. */
  readonly token: string | null
  /** Ends a start that is still under way. */
  readonly signal: AbortSignal
}

export interface Daemon {
  /** Resolves when the daemon cannot go on. What happened is in its log. */
  readonly failed: Promise<void>
  stop(): Promise<void>
}

export async function startDaemon({ token, signal, ...init }: DaemonInit): Promise<Daemon> {
  const failed = Promise.withResolvers<void>()
  const ground = await openGround(init, (error) => {
    ground.log.error('the daemon cannot go on', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    failed.resolve()
  })
  const { log, addressBook } = ground
  process.on('uncaughtException', ground.panic)
  process.on('unhandledRejection', ground.panic)
  try {
    if (token !== null) await ground.tailnet.first(signal)
    const membership = await belong(ground, token, signal)
    const { services, describe } = await assemble(ground, membership, signal)
    const stop = await startAll(services)
    for (const line of describe()) log.info(line)
    return {
      failed: failed.promise,
      async stop() {
        log.info('stopping')
        await stop()
        await addressBook.close()
        log.info('stopped')
      },
    }
  } catch (error) {
    await addressBook.close()
    if (!isClawError(error)) log.error('the daemon could not start', { error: error as Error })
    throw error
  }
}
