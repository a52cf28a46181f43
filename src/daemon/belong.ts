/** How a daemon comes to belong to a mesh: by what its folder says, by a token, or by founding one. */
import { readFile } from 'node:fs/promises'
import { meshKeys } from '../adapters/keys/mesh-keys.ts'
import { openVisitor } from '../adapters/libp2p/visitor.ts'
import { ClawError } from '../model/failure.ts'
import { foundMesh } from '../services/admission/found-mesh.ts'
import { joinMesh } from '../services/admission/join-mesh.ts'
import { readMembership, type StoredMembership } from '../services/admission/membership-file.ts'
import type { Ground } from './ground.ts'

/** Throws TOKEN_INVALID, ALREADY_MEMBER, NODE_UNREACHABLE, or what the mesh answered to the token. */
export async function belong(ground: Ground, token: string | null, signal: AbortSignal): Promise<StoredMembership> {
  const { config, identity, disk, clock, verifier, name, log } = ground
  const self = identity.id
  const { labels } = config.node
  if (token !== null) {
    const deps = {
      self,
      sealKey: identity.sealer.sealKey,
      verifier,
      clock,
      disk,
      openVisitor: (networkKey: Uint8Array | null) =>
        openVisitor({ identity, networkKey, clock, dialFrom: config.mesh.dialFrom ?? null }),
    }
    const joined = await joinMesh({ token, name, labels, addresses: config.mesh.announce }, deps, signal)
    log.info('joined the mesh', { mesh: joined.mesh, name: joined.genesis.name })
    return joined
  }
  const stored = await readMembership(disk)
  if (stored !== null) return stored
  const networkKey = config.mesh.pskFile === undefined ? null : await readNetworkKey(config.mesh.pskFile)
  const founder = { mesh: config.mesh.name, name, labels, networkKey }
  const founded = await foundMesh(founder, { self, sealer: identity.sealer, keys: meshKeys, clock, disk })
  log.info('founded a mesh', { mesh: founded.mesh, name: founded.genesis.name })
  return founded
}

/** A pre-shared key is 32 bytes in hex, as `openssl rand -hex 32` prints it. */
async function readNetworkKey(file: string): Promise<Uint8Array> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ClawError('CONFIG_INVALID', { file, problem: error.message }, { cause: error })
  })
  if (!/^[0-9a-fA-F]{64}$/.test(text.trim()))
    throw new ClawError('CONFIG_INVALID', {
      file,
      problem: 'it must hold 64 hex digits; make one with openssl rand -hex 32',
    })
  return new Uint8Array(Buffer.from(text.trim(), 'hex'))
}
