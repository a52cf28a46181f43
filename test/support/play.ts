/** Lets virtual time pass while a promise is on its way. */
import type { Millis } from '../../src/model/time.ts'
import type { World } from '../../src/simulation/world.ts'

/** The result of the promise, once the world has played long enough for it. Throws when `limit` does not suffice. */
export async function play<T>(world: World, promise: Promise<T>, limit: Millis = 60_000): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => (isSettled = true))
  settled.catch(() => 'looked at below')
  for (let passed = 0; passed <= limit && !isSettled; passed += 50) await world.runFor(50)
  if (!isSettled) throw new Error(`not settled after ${limit} ms`)
  return settled
}
