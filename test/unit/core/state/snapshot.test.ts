import { expect, test } from 'vitest'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { groupId, partId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { ada, meshOf, refusal, submit } from '../../../support/control-samples.ts'

/** The longest that any command may say for people. */
const long = 'x'.repeat(4_096)
const id = workloadId('w'.repeat(128))
const at = (attempt: number) => ({ placement: placementId(id, attempt), node: ada })
const place = (attempt: number): Command => ({
  ...{ type: 'place', workload: id, attempt, node: ada, devices: [], executor: 'docker' },
})
const group = groupId('wl-g')
const rank = (index: number, attempt: number) => placementId(partId(group, index), attempt)
const gang = (attempt: number): Command => ({
  ...{ type: 'place-gang', group, attempt },
  places: [0, 1].map(() => ({ node: ada, devices: [], executor: 'docker' })),
})
const evict = { grace: null, target: null, avoid: true } as const

test('given commands that say as much as they may, when the state is written down, then it can be read back', () => {
  const book = meshOf([ada])
  const commands: readonly Command[] = [
    submit(id, { onPartition: 'stop' }, 'name'),
    place(1),
    { type: 'reject', ...at(1), reason: long },
    place(2),
    { type: 'evict', placement: at(2).placement, reason: long, ...evict },
    place(3),
    { type: 'claim', ...at(3) },
    { type: 'report-starting', ...at(3), progress: long },
    { type: 'evict', placement: at(3).placement, reason: long, ...evict },
    { type: 'report-ended', ...at(3), endedAt: 1, exitCode: 1, error: { code: 'NONZERO_EXIT', message: long } },
    place(4),
    { type: 'claim', ...at(4) },
    { type: 'report-ended', ...at(4), endedAt: 1, exitCode: null, error: { code: 'WORKLOAD_LOST', message: long } },
    submit('wl-g', { parts: { count: 2, gang: true } }, 'gang'),
    gang(1),
    { type: 'claim', placement: rank(0, 1), node: ada },
    { type: 'claim', placement: rank(1, 1), node: ada },
    { type: 'evict', placement: rank(0, 1), reason: long, ...evict },
    { type: 'set-scheduling', node: ada, mode: 'cordoned', reason: long, grace: null },
  ]
  for (const [i, command] of commands.entries()) {
    const entry = { id: `long-${i}`, at: 1, by: 'b'.repeat(256), via: null, command }
    expect(decodeEntry(encodeEntry(entry))?.command).toEqual(command)
    expect([command.type, refusal(book.run(command, entry))]).toEqual([command.type, null])
    const bytes = snapshot(book.state)
    expect(snapshot(restore(bytes))).toEqual(bytes)
  }
})
