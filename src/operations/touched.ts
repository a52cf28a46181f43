/** Which namespace a call touches, for operations whose input names work, or asks for some. */
import { defaultNamespace } from '../model/namespace.ts'
import type { Permission } from '../model/access.ts'
import type { Workload } from '../model/workload.ts'
import type { OperationContext } from './context.ts'
import { findWorkload } from './find.ts'

const namespaceOf = ({ spec }: Workload): string => spec.namespace

/** Throws WORKLOAD_NOT_FOUND. */
export const ofWorkload = ({ workload }: { readonly workload: string }, context: OperationContext): string =>
  namespaceOf(findWorkload(context, workload))

export const ofRequest = ({ namespace }: { readonly namespace?: string | undefined }): string =>
  namespace ?? defaultNamespace

interface Reach {
  readonly volumes?: readonly string[] | undefined
  readonly executor?: string | undefined
}

/** What reaches beyond a container: paths of the host, and plain processes, which have all the rights of the daemon. */
export const beyond = ({ volumes = [], executor }: Reach): readonly Permission[] => [
  ...(volumes.some((volume) => volume.startsWith('/')) ? [{ verb: 'use', resource: 'host-mount' } as const] : []),
  ...(executor === 'process' ? [{ verb: 'use', resource: 'privilege' } as const] : []),
]
