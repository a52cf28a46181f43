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
} as const
