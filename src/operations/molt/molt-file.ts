/** A MOLT network as a file that one mesh gives to another: its rules, and where its hosts are. */
import { z } from 'zod'
import { mostAddresses, partyIn } from '../../core/molt/acquaintances.ts'
import { Genesis } from '../../core/molt/network.ts'
import { limits } from '../../core/state/state.ts'
import type { MoltNetwork, WrittenGenesis } from '../../core/state/molt-commands.ts'
import type { MeshState } from '../../core/state/types.ts'
import { isPeerAddress, publicKeyOf } from '../../lib/peer-id.ts'
import { ClawError } from '../../model/failure.ts'

const format = 'clawbernetes molt network 1'

export const MoltNetworkFile = z.strictObject({
  format: z.string().max(64).describe(format),
  genesis: z.record(z.string(), z.unknown()).describe('The rules of the network; its id is the hash of them'),
  bootstrap: z.array(z.string().max(512)).max(limits.moltBootstrap).describe('Where hosts of the network are'),
})
type MoltNetworkFile = z.infer<typeof MoltNetworkFile>

/** Addresses of witnesses that others can dial, as far as this mesh knows. */
export function whereabouts(
  { genesis, bootstrap }: MoltNetwork,
  { moltParts }: Pick<MeshState, 'moltParts'>,
): readonly string[] {
  const own = Array.from(moltParts.values(), ({ addresses }) => addresses).flat()
  const of = (party: string): readonly string[] =>
    forOthers([...own, ...bootstrap].filter((address) => partyIn(address) === party)).slice(0, mostAddresses)
  return genesis.witnesses.flatMap(of).slice(0, limits.moltBootstrap)
}

/** Throws MOLT_NOT_CONNECTED while nobody knows where a witness is: nobody could join with such a file. */
export function fileOf(network: MoltNetwork, state: Pick<MeshState, 'moltParts'>): MoltNetworkFile {
  const bootstrap = [...whereabouts(network, state)]
  if (bootstrap.length === 0)
    throw new ClawError('MOLT_NOT_CONNECTED', { reason: 'none of its witnesses has said yet where it is' })
  return { format, genesis: network.genesis, bootstrap }
}

/** Nobody elsewhere reaches a host at its own loopback; one that has nothing else can only be reached on this machine. */
function forOthers(addresses: readonly string[]): readonly string[] {
  const distant = addresses.filter((address) => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address))
  return distant.length > 0 ? distant : addresses
}

/** Throws MOLT_NETWORK_INVALID. */
export function networkFrom({ format: is, genesis, bootstrap }: MoltNetworkFile) {
  const invalid = (problem: string): ClawError => new ClawError('MOLT_NETWORK_INVALID', { problem })
  if (is !== format) throw invalid(`its format is “${is}”, not “${format}”`)
  const read = Genesis.safeParse(genesis)
  if (!read.success)
    throw invalid(
      read.error.issues
        .map(({ path, message }) => [...path, message].join(' '))
        .slice(0, 3)
        .join('; '),
    )
  const { witnesses } = read.data
  const odd = [...witnesses, ...read.data.issuers.map(({ account }) => account)].find((id) => publicKeyOf(id) === null)
  if (odd !== undefined) throw invalid(`${odd} is no key`)
  if (!bootstrap.every(isPeerAddress)) throw invalid('it names an address that is none')
  if (!bootstrap.some((address) => witnesses.includes(partyIn(address))))
    throw invalid('it says of no witness where it is')
  return { genesis: genesis as unknown as WrittenGenesis, bootstrap }
}
