/** The places that backups are at, opened with the secrets that these name. */
import { refsOfBackup } from '../../core/vault/entitlement.ts'
import type { Backup } from '../../model/backup.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { BackupStore, ContentCipher, OpenStore } from '../../ports/backups.ts'
import type { VaultService } from '../vault/vault-service.ts'
import type { Sealing } from './backup-files.ts'

export interface PlaceDeps {
  readonly vault: Pick<VaultService, 'values'>
  readonly openStore: OpenStore
  readonly cipher: ContentCipher
}

export async function sealingOf(deps: PlaceDeps, backup: Backup, signal: AbortSignal): Promise<Sealing> {
  const { cipher, openStore } = deps
  const values = await valuesFor(deps, backup, signal)
  const store = await openStore(backup.target, backup.namespace, keysIn(backup, values))
  return { cipher, store, secret: backup.key === null ? null : (values[0] ?? null) }
}

/** For what needs nothing of what is in it. */
export async function storeOf(deps: PlaceDeps, backup: Backup, signal: AbortSignal): Promise<BackupStore> {
  const values = backup.target.type === 's3' ? await valuesFor(deps, backup, signal) : []
  return deps.openStore(backup.target, backup.namespace, keysIn(backup, values))
}

function valuesFor({ vault }: PlaceDeps, backup: Backup, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const secrets = [...refsOfBackup(backup)]
  return vault.values({ spec: { namespace: backup.namespace, secrets } }, placementOf(backup), signal)
}

const keysIn = ({ target }: Backup, values: readonly Uint8Array[]): Uint8Array | null =>
  target.type === 's3' ? (values.at(-1) ?? null) : null

/** The vault knows it by its id. */
const placementOf = ({ id }: Backup): PlacementId => id as PlacementId
