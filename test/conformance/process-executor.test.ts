import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCgroups, removeCgroups } from '../../src/adapters/process/cgroup.ts'
import { memoryFiles } from '../../src/adapters/memory/memory-files.ts'
import { ProcessExecutor } from '../../src/adapters/process/process-executor.ts'
import { mesh, never, node } from './executor-bench.ts'
import { contentsOf, memoryFolder } from './traces.ts'
import { executorConformance } from './executor.ts'
import { simulatedDevice } from './simulated-device.ts'

const supervisor = join(import.meta.dirname, '..', '..', 'src', 'bin', 'supervise.ts')

async function makeRig() {
  const folder = await mkdtemp(join(tmpdir(), 'claw-process-'))
  const panics: unknown[] = []
  const open = () =>
    Promise.resolve(
      new ProcessExecutor({
        folder,
        supervisor,
        memory: memoryFiles(folder),
        onPanic: (error) => void panics.push(error),
      }),
    )
  const dispose = async (): Promise<void> => {
    const last = await open()
    for (const { placement } of await last.adopt(mesh, node, never)) {
      await last.stop(placement, 0)
      await last.remove(placement)
    }
    await last.close()
    await rm(folder, { recursive: true, force: true })
    if (panics.length > 0) throw new AggregateError(panics, 'the executor has bugs')
  }
  const traces = () => Promise.resolve(contentsOf(folder))
  return { open, dispose, traces, memory: memoryFolder(folder) }
}

/** Memory limits need control groups, which an ordinary user has not. */
async function canLimitMemory(): Promise<boolean> {
  const { folders, unmet } = await createCgroups(`probe-${process.pid}`, { memoryMib: 64, cpus: null })
  await removeCgroups(folders)
  return unmet.length === 0
}

executorConformance('process', makeRig, {
  image: 'host',
  oom: await canLimitMemory(),
  images: false,
  programs: true,
  terminals: true,
  keepsTasks: true,
  files: 'owned',
  showsEnvironment: false,
  device: simulatedDevice,
})
