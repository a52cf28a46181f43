/** The MOLT network, and the parts of nodes in it, as commands show them. */
import type { OutputOf } from '../../../operations/registry.ts'
import { counted, facts, orDash } from './words.ts'

type Status = OutputOf<'molt.status'>
type Network = OutputOf<'moltnetwork.info'>

const modeInWords = (mode: Status['mode'], isWitness: boolean): string =>
  [mode ?? 'not participating', ...(isWitness ? ['witness'] : [])].join(', ')

export const statusFacts = (status: Status): readonly string[] =>
  facts([
    ['Node', status.node],
    ['Participation', modeInWords(status.mode, status.witness)],
    ['Since', orDash(status.since)],
    ['Network', status.network === null ? 'none' : `${status.network.name} (${status.network.id})`],
    ['Market id', orDash(status.party)],
    ['Connected', status.connected ? 'yes' : (status.problem ?? 'no')],
    ['Peers', `${status.peers}, ${status.strangers} of other meshes`],
    ['Witnesses', witnessesInWords(status.witnesses)],
    ...status.unclean.map(({ device, detail, since }) => ['Not lent', `${device}: ${detail}, since ${since}`] as const),
    ...lendingInWords(status.lending),
    ...status.addresses.map((address) => ['Address', address] as const),
    ...status.nodes.map(
      ({ node, mode, party }) => ['Takes part', `${node}: ${mode ?? 'as a witness'} (${party})`] as const,
    ),
  ])

const lendingInWords = (lending: Status['lending']): readonly (readonly [string, string])[] =>
  lending === null
    ? []
    : [
        ['Offers', `${lending.offers}, of ${counted(lending.offered, 'GPU')}`],
        ['Leases', `${lending.leases}, of ${counted(lending.lent, 'GPU')}; ${counted(lending.bids, 'open bid')}`],
        ['Earned today', `${lending.earnedToday.inWords}; ${lending.pending.inWords} still open`],
        ...lending.problems.map((problem) => ['Problem', problem] as const),
      ]

const witnessesInWords = ({ reachable, all, quorum, isEnough }: Status['witnesses']): string =>
  all === 0 ? 'none' : `${reachable} of ${all} reachable, ${isEnough ? 'enough' : 'too few'}: it takes ${quorum}`

export const networkFacts = (network: Network): readonly string[] =>
  facts([
    ['Network', network.name],
    ['Id', network.id],
    ...network.witnesses.map(({ party, node }) => ['Witness', node === null ? party : `${party} (${node})`] as const),
    ['Quorum', `${network.quorum} of ${network.witnesses.length}; ${network.faulty} may lie`],
    ...network.issuers.map(({ account, inWords }) => ['Issuer', `${account}, up to ${inWords}`] as const),
    ['Fee', network.feeTo === null ? 'none' : `${network.feePercent}% to ${network.feeTo}`],
    ['Since', `${network.since}, by ${network.by}`],
  ])
