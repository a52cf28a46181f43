/** A vault that hides nothing, for tests of what is done with secrets and not of how they are sealed. */
import { envelopeText, readEnvelope } from '../../src/core/vault/envelope.ts'
import type { MeshState } from '../../src/core/state/types.ts'
import { revisionOf } from '../../src/model/deployment.ts'
import type { VaultView } from '../../src/operations/context.ts'

const boxOf = (sealed: string): string => readEnvelope(sealed)?.box ?? ''

/** The value in what `openVault` has sealed. */
export const textIn = (sealed: string): string => Buffer.from(boxOf(sealed), 'base64').toString().replace(/^\d+:/, '')

export function openVault(state: () => Pick<MeshState, 'deployments'>): VaultView {
  let made = 0
  return {
    // Never the same twice, as real ones are.
    seal: (_, value) => {
      made += 1
      const box = Buffer.from(`${made}:${Buffer.from(value).toString()}`).toString('base64')
      return envelopeText({ epoch: 1, key: 'AA==', box })
    },
    same: (deployment, revision, values) => {
      const found = state().deployments.get(deployment)
      const before = found === undefined ? [] : (revisionOf(found, revision)?.spec.secrets ?? [])
      const isSame = (env: string, sealed: string): boolean =>
        before.some((ref) => ref.env === env && ref.sealed !== undefined && textIn(ref.sealed) === textIn(sealed))
      return Promise.resolve(new Set(values.flatMap(({ env, sealed }) => (isSame(env, sealed) ? [env] : []))))
    },
    handOn: () => 'AA==',
    openHanded: ({ sealed }) => new Uint8Array(Buffer.from(textIn(sealed))),
  }
}
