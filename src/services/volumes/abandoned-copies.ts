/** What copied volumes when a daemon of this node was killed holds on to them: the next daemon takes it away. */
import { minute } from '../../model/time.ts'
import type { Service } from '../../ports/service.ts'
import type { VolumeEngine } from '../../ports/volumes.ts'
import type { LoopDeps } from '../gateway/loop.ts'
import { Loop } from '../gateway/loop.ts'

/** At its start, and again for what the engine would not give up then. */
export function abandonedCopies(engine: Pick<VolumeEngine, 'clear'>, deps: LoopDeps): Service {
  const loop = new Loop(deps, { every: 5 * minute, pause: minute }, (signal) => engine.clear(signal))
  return {
    name: 'abandoned-copies',
    start: () => Promise.resolve(loop.start()),
    stop: () => loop.stop(),
  }
}
