/** Starts the parts of a daemon in order, and stops them in reverse. */
import type { Service } from '../ports/service.ts'

/** If a part cannot start, those before it are stopped again and the failure is thrown. */
export async function startAll(services: readonly Service[]): Promise<() => Promise<void>> {
  const started: Service[] = []
  const stop = async (): Promise<void> => {
    const failed: unknown[] = []
    for (const service of started.splice(0).toReversed()) {
      await service.stop().catch((error: unknown) => failed.push(error))
    }
    if (failed.length > 0) throw new AggregateError(failed, 'some parts did not stop cleanly')
  }
  for (const service of services) {
    try {
      await service.start()
      started.push(service)
    } catch (error) {
      await stop()
      throw error
    }
  }
  return stop
}
