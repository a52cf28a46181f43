import { describe, expect, test } from 'vitest'
import { originOf, type Spend } from '../../../../../src/core/molt/spend.ts'
import { sha256 } from '../../../../../src/lib/sha256.ts'
import { ClawError } from '../../../../../src/model/failure.ts'
import type { Certificate } from '../../../../../src/model/molt-line.ts'
import type { Rpc } from '../../../../../src/ports/rpc.ts'
import { DealReader } from '../../../../../src/services/molt/reputation/deal-reader.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { type LinesRequest, mostLines, readAccount } from '../../../../../src/wire/molt-witness.ts'
import { never } from '../../../../support/molt/lab.ts'
import { nameVerifier } from '../../../../support/molt/names.ts'
import { buyer, certified, network, signedBy } from '../../../../support/molt/samples.ts'

/** The agreement that a line of that number sets something aside for. */
const agreementAt = (sequence: number): string => sha256(`agreement ${sequence}`)

function lineAt(sequence: number): Certificate {
  const outputs = [{ to: `agr-${agreementAt(sequence)}`, amount: 1_000n }]
  const spend: Spend = { account: buyer, sequence, previous: originOf(buyer), outputs }
  return certified({ spend, right: { type: 'owner', signature: signedBy(buyer, 'spend', spend) } })
}

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Witnesses that answer in pages, as real ones do, so many times each. */
function readerOf(count: number, pages = Infinity) {
  const all = numbers(1, count).map(lineAt)
  const told = new Map<string, number>()
  const call = (to: string, { id }: { readonly id: string }, asked: Partial<LinesRequest>): Promise<unknown> => {
    if (id === readAccount.id) return Promise.resolve({ sequence: count, received: { count: 0, digest: '' } })
    told.set(to, (told.get(to) ?? 0) + 1)
    if ((told.get(to) ?? 0) > pages) return Promise.reject(new ClawError('DEADLINE_EXCEEDED', { what: 'it', ms: 1 }))
    const from = (asked.from ?? 1) - 1
    return Promise.resolve({ lines: all.slice(from, from + mostLines), count })
  }
  const world = new World(1)
  return new DealReader({
    ...{ network, verifier: nameVerifier, clock: world, random: world, rpc: { call: call as unknown as Rpc['call'] } },
  })
}

describe('given an account with more lines than come in one answer', () => {
  test('when it is looked at, then its last 64 lines tell of agreements, the newest first, and no earlier one', async () => {
    const told = await readerOf(70).agreementsOf(buyer, never)
    expect(told).toEqual(numbers(7, 70).toReversed().map(agreementAt))
  })

  test('when there are fewer than that, then all of them do, each once', async () => {
    const told = await readerOf(21).agreementsOf(buyer, never)
    expect(told).toEqual(numbers(1, 21).toReversed().map(agreementAt))
  })

  test('when the witnesses answer no more after a while, then what they have told are the newest', async () => {
    const told = await readerOf(70, 2).agreementsOf(buyer, never)
    expect(told).toEqual(numbers(39, 70).toReversed().map(agreementAt))
  })
})
