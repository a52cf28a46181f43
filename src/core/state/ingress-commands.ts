/** The commands on which requests go where. */
import type { Ingress, SeenIngress } from '../../model/ingress.ts'

export type IngressCommand =
  | ({ readonly type: 'create-ingress' } & Omit<Ingress, 'createdAt' | 'createdBy' | 'updatedAt'>)
  /** What is left out stays as it is. */
  | ({ readonly type: 'update-ingress' } & Pick<Ingress, 'namespace' | 'name'> &
      Partial<Pick<Ingress, 'host' | 'path' | 'deployment' | 'strip' | 'nodes'>> & {
        readonly acme?: boolean
      } & Expecting)
  | ({ readonly type: 'delete-ingress' } & Pick<Ingress, 'namespace' | 'name'> & Expecting)

interface Expecting {
  /** As whoever asks has seen it; refused when anything of it is another. */
  readonly expected?: SeenIngress
}
