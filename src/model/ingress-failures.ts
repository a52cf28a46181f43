/** What can go wrong with what is exposed. */
import { failure } from './failure-row.ts'

export const ingressFailures = {
  INGRESS_NOT_FOUND: failure(
    'not-found',
    ({ ingress }: { ingress: string }) => `No ingress is called ${ingress}.`,
    'List those of a namespace with `clawbernetes ingress list`.',
  ),
  INGRESS_EXISTS: failure(
    'conflict',
    ({ ingress }: { ingress: string }) => `There is an ingress ${ingress} already.`,
    'Change it with `clawbernetes ingress update`, or choose another name.',
  ),
  INGRESS_CHANGED: failure(
    'conflict',
    ({ ingress }: { ingress: string }) =>
      `The ingress ${ingress} is not as it was seen: somebody has changed it meanwhile.`,
    'Look at it with `clawbernetes ingress info`, or at the file with `clawbernetes diff`, then say again what you want of it.',
  ),
  HOST_TAKEN: failure(
    'conflict',
    ({ host }: { host: string }) => `The host ${host} belongs, or would belong in part, to another namespace.`,
    'Choose another host, or have an administrator see with `clawbernetes ingress list` who has it.',
  ),
  ROUTE_TAKEN: failure(
    'conflict',
    ({ host, path, ingress }: { host: string; path: string; ingress: string }) =>
      `Requests for ${host}${path} go to the ingress ${ingress} already.`,
    'Change that one with `clawbernetes ingress update`, or choose another path.',
  ),
  CERTIFICATE_NOT_DUE: failure(
    'conflict',
    ({ host }: { host: string }) => `A certificate for ${host} is not to be ordered by this node now.`,
    'See how far it is with `clawbernetes ingress info`.',
  ),
  CERTIFICATE_FAILED: failure(
    'unavailable',
    ({ host, detail }: { host: string; detail: string }) => `No certificate came for ${host}: ${detail}`,
    'The host has to lead to nodes that take requests for it at port 80. It is tried again by itself.',
  ),
} as const
