import { SimulatedExecutor, type SimulatedStore } from '../../src/adapters/simulated/simulated-executor.ts'
import { World } from '../../src/simulation/world.ts'
import { executorConformance } from './executor.ts'
import { shellCommand, type Program } from './program.ts'
import { simulatedDevice } from './simulated-device.ts'

const longest = 10 * 60_000
const step = 50

/** A long line of one letter is a word of its own in simulated scripts: they have no pipes. */
function command(program: Program): string[] {
  const lines = program.map((step) =>
    'printLong' in step
      ? `repeat x ${step.printLong}`
      : 'printFile' in step
        ? `cat ${step.printFile}`
        : (shellCommand([step])[2] ?? ''),
  )
  return ['sh', '-c', lines.join('\n')]
}

function makeRig() {
  const world = new World(7)
  const store: SimulatedStore = new Map()
  const play = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    work.then(done, done)
    // In small steps, because a reader of many lines takes many turns within one moment.
    for (let played = 0; !isDone && played < longest; played += step) await world.runFor(step)
    if (!isDone) throw new Error(`not done after ${longest} ms`)
    return work
  }
  return Promise.resolve({
    open: () => Promise.resolve(new SimulatedExecutor({ clock: world, store })),
    play,
    traces: () => Promise.resolve([]),
    memory: null,
    dispose: () => Promise.resolve(),
  })
}

executorConformance('simulated', makeRig, {
  command,
  image: 'anything',
  oom: false,
  images: false,
  programs: false,
  terminals: false,
  keepsTasks: true,
  files: 'none',
  showsEnvironment: false,
  device: simulatedDevice,
})
