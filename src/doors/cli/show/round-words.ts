/** Why nobody, or nobody else, would run a job, for those who have asked. */
import type { OutputOf } from '../../../operations/registry.ts'
import type { RoundReason } from '../../../services/molt/buying/collector.ts'
import { counted } from './words.ts'

type Round = OutputOf<'molt.quote'>['found']

const inWords: Readonly<Record<RoundReason, string>> = {
  network: 'they are in another network',
  own: 'the node that buys lends them itself',
  dated: 'they have answered too late, or their clocks are wrong',
  late: 'their GPUs are free too late',
  capacity: 'too few of their GPUs are free',
  memory: 'their GPUs have less memory',
  model: 'they lend other GPUs',
  hardware: 'they bid with other GPUs than were wanted',
  isolation: 'they keep work apart in no way that it accepts',
  region: 'they are elsewhere',
  'too-short': 'they lend for longer only',
  'too-long': 'they do not lend for so long',
  price: 'it may cost too little for them',
  'too-little': 'all of it would cost less than can be paid',
  image: 'they do not take that image',
  data: 'they do not take so much with it, or no images that are sent',
  approval: 'all of it would cost more than they may agree to',
  concurrency: 'they have as many leases as they take',
  paused: 'they lend nothing now',
  blackout: 'they do not lend at this time',
  blocked: 'they do not lend to this node',
  newcomer: 'they do not lend to those of whom they know nothing',
  reputation: 'the reputation of this node is too low for them',
  standing: 'their reputation is too low, or not known',
  verification: 'this node is not sure enough of their hardware',
  'closed-out': 'two stories were told under one key',
  arbiters: 'they name arbiters whom this node has not named',
  credit: 'they want to be paid further ahead than one interval',
  want: 'they have answered something else',
  signature: 'their bid is not signed by them',
  tried: 'they have failed it before',
  'no answer': 'they did not answer',
}

/** A peer of another version may know of further reasons. */
const isKnown = (reason: string): reason is RoundReason => Object.hasOwn(inWords, reason)

/** What was asked of whom, and why there is not more. */
export function foundInWords({ offers, asked, bids, reasons }: Round): string {
  const why = Object.entries(reasons)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${isKnown(reason) ? inWords[reason] : reason} (${count}×)`)
    .join(', ')
  if (offers === 0) return why === '' ? 'nobody offers any GPUs now' : `no offer fits: ${why}`
  const all = `${counted(offers, 'offer')} fit${offers === 1 ? 's' : ''}, ${counted(asked, 'provider')} asked, ${counted(bids, 'bid')}`
  return why === '' ? all : `${all}; otherwise: ${why}`
}
