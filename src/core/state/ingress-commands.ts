/** The commands on which requests go where. */
import type { Ingress } from '../../model/ingress.ts'

export type IngressCommand =
  | ({ readonly type: 'create-ingress' } & Omit<Ingress, 'createdAt' | 'createdBy' | 'updatedAt'>)
  /** What is left out stays as it is. */
  | ({ readonly type: 'update-ingress' } & Pick<Ingress, 'namespace' | 'name'> &
      Partial<Pick<Ingress, 'host' | 'path' | 'deployment' | 'strip' | 'nodes'>> & { readonly acme?: boolean })
  | ({ readonly type: 'delete-ingress' } & Pick<Ingress, 'namespace' | 'name'>)
