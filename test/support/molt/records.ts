/** Records of a network of four witnesses, as their issuers make them, right or wrong. */
import type { NewRecord } from '../../../src/core/records/envelope.ts'
import { sealRecord } from '../../../src/core/records/envelope.ts'
import { certifyIssuer } from '../../../src/core/records/certificate.ts'
import { writePayload } from '../../../src/core/records/payload.ts'
import { offerId } from '../../../src/core/records/rules/offer.ts'
import { networkOf } from '../../../src/core/molt/network.ts'
import type { NodeId } from '../../../src/model/ids.ts'
import { nodeId } from '../../../src/model/ids.ts'
import { recordKey } from '../../../src/model/record.ts'
import { day, hour, minute } from '../../../src/model/time.ts'
import type { Signer } from '../../../src/ports/signer.ts'
import { simSigner } from '../../../src/simulation/signer.ts'
import { encodeRecord, type RecordEnvelope } from '../../../src/wire/record.ts'
import { genesis } from './samples.ts'

export const recordNetwork = networkOf(genesis)
/** When the tests take place. */
export const noon = 1_750_000_000_000

export const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(nodeId) as [NodeId, NodeId, NodeId]

export interface MadeRecord {
  readonly key: string
  readonly bytes: Uint8Array
  readonly record: RecordEnvelope
}

export const certificateFor = (peer: NodeId, witness = 'w0', notAfter = noon + 20 * day): Uint8Array =>
  certifyIssuer(simSigner(nodeId(witness)), recordNetwork.id, peer, notAfter)

export interface Making extends Partial<NewRecord> {
  readonly by?: Signer
  readonly value?: unknown
}

/** By ada, of herself, unless something else is said. */
export function made({ by = simSigner(ada), value = nodeValue(), ...parts }: Making = {}): MadeRecord {
  const record = sealRecord(
    {
      ...{ network: recordNetwork.id, namespace: 'claw-node', id: by.id, sequence: 1n, kind: 'put' },
      ...{ issuedAt: noon, endOfLife: noon + hour, certificate: certificateFor(by.id) },
      payload: writePayload(value),
      ...parts,
    },
    by,
  )
  return { key: recordKey(record), bytes: encodeRecord(record), record }
}

export const nodeValue = (software = '1.0.0') => ({
  addresses: ['/ip4/192.0.2.1/tcp/4711'],
  roles: ['provider'],
  hardware: null,
  overlay: null,
  versions: { software, oldest: 1, newest: 3 },
})

export const offerValue = (provider: NodeId, number = 1, parts: object = {}) => ({
  ...{ network: recordNetwork.id, provider, number, vendor: 'nvidia', model: 'NVIDIA H100 80GB HBM3' },
  ...{ memoryMib: 81_559, free: 4, rate: 600n, shortest: minute, longest: 6 * hour },
  ...{ isolation: 'gvisor', region: 'eu-west', verification: 'self-reported' },
  ...{ issuedAt: noon, endOfLife: noon + hour },
  ...parts,
})

export const offer = (parts: Making = {}, number = 1): MadeRecord => {
  const by = parts.by ?? simSigner(ada)
  const value = parts.value ?? offerValue(by.id, number)
  return made({ namespace: 'claw-offer', id: offerId(by.id, number), value, ...parts, by })
}
