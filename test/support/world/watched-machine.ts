/** The replicated state of one peer, compared with that of the others wherever they stand at the same index. */
import type { NodeId } from '../../../src/model/ids.ts'
import { joined } from '../../../src/lib/slices.ts'
import { crc32c } from '../../../src/lib/crc32.ts'
import type { Committed, Machine } from '../../../src/services/consensus/types.ts'
import type { ReplicatedState } from '../../../src/services/control/replicated-state.ts'
import type { Watch } from './watch.ts'

/** A digest costs as much as a snapshot, so it is taken now and then, and at the end. */
const every = 128

export function watchedMachine(node: NodeId, machine: ReplicatedState, watch: Watch): Machine {
  const compare = (): void => watch.stood(node, machine.state.index, crc32c(joined(machine.snapshot())))
  machine.onChange((changes) => watch.changed(node, machine.state, changes))
  return {
    apply(entries) {
      let batch: Committed[] = []
      for (const entry of entries) {
        batch.push(entry)
        if (entry.index % every !== 0) continue
        machine.apply(batch)
        batch = []
        compare()
      }
      if (batch.length > 0) machine.apply(batch)
    },
    check(snapshot, later) {
      machine.check(snapshot, later)
    },
    snapshot: () => machine.snapshot(),
    restore: (bytes) => machine.restore(bytes),
  }
}
