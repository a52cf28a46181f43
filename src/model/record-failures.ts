/** What can go wrong with the signed records of a MOLT network. */
import { failure } from './failure-row.ts'
import type { RecordRefusal } from './record.ts'

export const recordFailures = {
  RECORD_REFUSED: failure(
    'refused',
    ({ key, why }: { key: string; why: RecordRefusal }) => `The record ${key} was not taken: ${reasons[why]}.`,
    'Compare the clock of this host with that of others, and look at `clawbernetes molt network info`.',
  ),
  NO_STANDING: failure(
    'unavailable',
    ({ detail }: { detail: string }) => `No witness of the MOLT network has certified this node: ${detail}.`,
    'It tries again by itself. Check that a witness of the network can be reached.',
  ),
}

const reasons: Readonly<Record<RecordRefusal, string>> = {
  size: 'it is too large',
  encoding: 'it is not written as it must be',
  version: 'it is of a version that this node does not know',
  network: 'it is of another network',
  namespace: 'there is no such kind of record',
  key: 'it is kept under another name',
  kind: 'records of this kind are not withdrawn',
  future: 'it comes from the future',
  lifetime: 'it lives longer than it may',
  expired: 'its life is over',
  standing: 'no witness has certified its issuer',
  revoked: 'the key of its issuer was revoked or replaced',
  'closed-out': 'its issuer was caught signing two records that contradict each other',
  signature: 'its signature is wrong',
  payload: 'what it says cannot be read',
  issuer: 'its issuer may not say that',
  rule: 'what it says is not so',
  stale: 'a later one is known',
  conflict: 'it contradicts another with the same number',
  quota: 'its issuer has too many',
  pace: 'its issuer sends too many at once',
  full: 'there is no room for more',
}
