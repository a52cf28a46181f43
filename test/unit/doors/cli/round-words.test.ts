import { describe, expect, test } from 'vitest'
import { foundInWords } from '../../../../src/doors/cli/show/round-words.ts'

const round = (offers: number, asked: number, bids: number, reasons: Record<string, number> = {}): string =>
  foundInWords({ offers, asked, bids, reasons })

describe('given what came of asking strangers', () => {
  test('when there are no offers, then it says so', () => {
    expect(round(0, 0, 0)).toBe('nobody offers any GPUs now')
  })

  test('when none fits, then it says what stands against them, the most frequent first', () => {
    expect(round(0, 0, 0, { price: 1, 'too-long': 2 })).toBe(
      'no offer fits: they do not lend for so long (2×), it may cost too little for them (1×)',
    )
  })

  test('when some fit, then it counts them, and says why there are no more bids', () => {
    expect(round(1, 1, 1)).toBe('1 offer fits, 1 provider asked, 1 bid')
    expect(round(2, 2, 0, { 'no answer': 2 })).toBe(
      '2 offers fit, 2 providers asked, 0 bids; otherwise: they did not answer (2×)',
    )
  })

  test('when a peer of another version gives a reason that is not known here, then it is shown as it is', () => {
    expect(round(0, 0, 0, { constructor: 1 })).toBe('no offer fits: constructor (1×)')
  })
})
