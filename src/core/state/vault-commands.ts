/** The commands on secrets, config maps, and the key that secrets are sealed to. */
import type { NodeId, PlacementId } from '../../model/ids.ts'
import type { ConfigMap, Secret, SecretPolicy, SecretRotation, SecretVersion, Vault } from '../../model/secret.ts'

export interface VaultState {
  /** The key that secrets are sealed to; null before the leader has made one. */
  readonly vault: Vault | null
  /** By `namespace/name`, as are config maps. */
  readonly secrets: ReadonlyMap<string, Secret>
  readonly configs: ReadonlyMap<string, ConfigMap>
}

interface Named {
  readonly namespace: string
  readonly name: string
}

export type VaultCommand =
  /** The leader has made a key, or sealed the one that there is to more voters. */
  | {
      readonly type: 'set-vault'
      readonly epoch: number
      readonly publicKey: string
      readonly holders: readonly { readonly node: NodeId; readonly sealed: string }[]
    }
  | (Named & {
      readonly type: 'create-secret'
      /** For its first version. */
      readonly sealed: string
      readonly how: SecretVersion['how']
      readonly policy: SecretPolicy
      readonly rotation: SecretRotation | null
    })
  /** Sealed for the number that it is to have: another one in its place is refused. */
  | (Named & {
      readonly type: 'set-secret'
      readonly version: number
      readonly sealed: string
      readonly how: SecretVersion['how']
    })
  /** What is left out stays as it is. */
  | (Named & {
      readonly type: 'update-secret'
      readonly policy?: SecretPolicy
      readonly rotation?: SecretRotation | null
      /** An earlier version counts again. */
      readonly current?: number
    })
  | (Named & { readonly type: 'delete-secret' })
  /** Somebody is told the value. Goes before he is. */
  | (Named & { readonly type: 'note-reveal'; readonly version: number })
  /** A new value is due that somebody has to give. */
  | (Named & { readonly type: 'note-due'; readonly version: number })
  /** A placement is given these. Goes before it is. */
  | {
      readonly type: 'note-secret-use'
      readonly placement: PlacementId
      readonly node: NodeId
      readonly uses: readonly { readonly name: string; readonly version: number }[]
    }
  | (Named & {
      readonly type: 'create-config'
      readonly data: Readonly<Record<string, string>>
      readonly immutable: boolean
    })
  /** Null takes a key away. With `whole`, what is not named goes too. */
  | (Named & {
      readonly type: 'update-config'
      readonly data: Readonly<Record<string, string | null>>
      readonly whole: boolean
      readonly immutable?: true
    })
  | (Named & { readonly type: 'delete-config' })
