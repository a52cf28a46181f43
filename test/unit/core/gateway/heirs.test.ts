import { expect, test } from 'vitest'
import { answersWithin, heirs } from '../../../../src/core/gateway/heirs.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { ada, bob, cyd } from '../../../support/control-samples.ts'

const dee = nodeId('dee')
const follower = (node: NodeId, matched: number, silentFor: number | null = 10, isMute = false) => ({
  ...{ node, matched, silentFor, isMute },
})

test('voters that answer are heirs, the furthest first, and of equals the one heard of last', () => {
  const followers = [follower(bob, 5, 90), follower(cyd, 7), follower(dee, 5, 20)]
  expect(heirs({ voters: [ada, bob, cyd, dee], followers })).toEqual([cyd, dee, bob])
})

test('no heir is who has no vote, is silent, was never heard of, or has lost its log', () => {
  const voters = [ada, bob, cyd]
  expect(heirs({ voters, followers: [follower(dee, 9)] })).toEqual([])
  for (const one of [follower(bob, 9, answersWithin), follower(bob, 9, null), follower(bob, 9, 1, true)])
    expect(heirs({ voters, followers: [one] })).toEqual([])
})
