import { expect, test } from 'vitest'
import { removalNotice } from '../../../../src/adapters/libp2p/removal-notice.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { removedReason } from '../../../../src/ports/admission.ts'
import { silent } from '../../../../src/ports/log.ts'

test('a node that was removed says so once, however many members refuse it', () => {
  const told: unknown[] = []
  const notice = removalNotice({ ...silent, warn: (message, facts) => told.push([message, facts]) })
  notice(new ClawError('NOT_A_MEMBER', { reason: 'its certificate has expired' }), nodeId('ada'))
  notice(new ClawError('PROTOCOL_MISMATCH', { ours: '1', theirs: '2' }), nodeId('ada'))
  expect(told).toEqual([])
  for (const by of ['ada', 'bob', 'ada']) notice(new ClawError('NOT_A_MEMBER', { reason: removedReason }), nodeId(by))
  expect(told).toEqual([['this node was removed from the mesh; join it again with a new token', { by: 'ada' }]])
})
