/** What a workload is given beside its spec when it starts: its secrets and its config maps, as variables and as files. */
import type { Assigned } from '../../core/agent/view.ts'
import type { MeshState } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { inNamespace } from '../../model/secret.ts'
import type { TaskFile } from '../../ports/executor.ts'
import type { VaultService } from './vault-service.ts'

export interface Provisions {
  /** Of config maps. */
  readonly env: Readonly<Record<string, string>>
  readonly secretEnv: Readonly<Record<string, string>>
  readonly files: readonly TaskFile[]
}

export const noProvisions: Provisions = { env: {}, secretEnv: {}, files: [] }

export interface ProvisionsDeps {
  readonly vault: Pick<VaultService, 'values'>
  readonly state: () => Pick<MeshState, 'configs'>
}

/** Throws CONFIG_NOT_FOUND, and what the vault does. */
export async function provisionsFor(
  { vault, state }: ProvisionsDeps,
  workload: Assigned,
  signal: AbortSignal,
): Promise<Provisions> {
  const { secrets = [], configs = [], namespace } = workload.spec
  const values = await vault.values(workload, workload.placement.id, signal)
  const maps = configs.map(({ config, path }) => {
    const found = state().configs.get(inNamespace(namespace, config))
    if (found === undefined) throw new ClawError('CONFIG_NOT_FOUND', { config: inNamespace(namespace, config) })
    return { path, data: Object.entries(found.data) }
  })
  return {
    env: Object.fromEntries(maps.flatMap(({ path, data }) => (path === undefined ? data.filter(isVariable) : []))),
    secretEnv: Object.fromEntries(
      secrets.flatMap(({ env }, index) => (env === undefined ? [] : [[env, textOf(env, values[index])] as const])),
    ),
    files: [
      ...secrets.flatMap(({ path }, index) =>
        path === undefined ? [] : [{ path, data: values[index] ?? new Uint8Array(), isSecret: true }],
      ),
      ...maps.flatMap(({ path, data }) =>
        path === undefined ? [] : data.map(([key, value]) => fileOf(`${path}/${key}`, value)),
      ),
    ],
  }
}

/** A key that can be no variable is only a file. */
const isVariable = ([key]: readonly [string, string]): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)

const fileOf = (path: string, value: string): TaskFile => ({
  path,
  data: new TextEncoder().encode(value),
  isSecret: false,
})

/** Throws CONTAINER_FAILED for bytes that no variable can hold. */
function textOf(name: string, value: Uint8Array = new Uint8Array()): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
    if (!text.includes('\0')) return text
  } catch {
    // Not a text: said below, without any of it.
  }
  throw new ClawError('CONTAINER_FAILED', {
    detail: `the value of the secret in ${name} is no text; mount it as a file`,
  })
}
