/** Which requests from outside go to which deployment: by the host that they name and how their path begins. */
import { z } from 'zod'
import { isSameJson } from '../lib/canonical-json.ts'
import type { Instant } from './time.ts'

export const ingressName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be 1 to 63 of a-z 0-9 -, as in web-api')

const part = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?'
const plainHost = new RegExp(`^${part}(?:\\.${part})*$`)

/** A whole name, or `*.` before one for all names of one label more. A name whose last label is a number is an address, and none of these. */
export const ingressHost = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^(?:\\*\\.${part}(?:\\.${part})+|${part}(?:\\.${part})*)$`),
    'must be a host name in small letters, or *. before one, as in app.example.org and *.example.org',
  )
  .regex(/(?:^|\.)(?!\d+$)[^.]+$/, 'must be a name and no address')

/** How a path begins, by whole segments. */
export const ingressPath = z
  .string()
  .max(512)
  .regex(
    /^\/(?:[A-Za-z0-9_~!$&'()*+,;=:@.-]+(?:\/[A-Za-z0-9_~!$&'()*+,;=:@.-]+)*)?$/,
    'must begin with / and not end with it, as in /api/v1; / alone is every path',
  )
  .refine((path) => !path.split('/').some((segment) => /^\.{1,2}$/.test(segment)), 'must have no . or .. in it')

export interface Ingress {
  readonly namespace: string
  readonly name: string
  readonly host: string
  readonly path: string
  /** Name of a deployment of the same namespace. */
  readonly deployment: string
  /** The path is taken off before the deployment is asked. */
  readonly strip: boolean
  /** Only nodes that have all of these labels take the requests; all where there is none. */
  readonly nodes: Readonly<Record<string, string>>
  /** The mesh orders the certificate of the host. Not there where it does not. */
  readonly acme?: true
  /** The deployment whose file made it, and takes it away. Not there where nobody's file did. */
  readonly keptBy?: string
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
}

/** All that can be another the next time that somebody looks. */
export type SeenIngress = Omit<Ingress, 'namespace' | 'name' | 'createdAt' | 'createdBy' | 'updatedAt'>

/** Is it what somebody has seen? Not by its times: while a clock is set back, two changes bear the same. */
export const isAsSeen = ({ host, path, deployment, strip, nodes, acme, keptBy }: Ingress, seen: SeenIngress): boolean =>
  isSameJson({ host, path, deployment, strip, nodes, acme, keptBy }, seen)

export const ingressKey = (namespace: string, name: string): string => `${namespace}/${name}`

/** What a Host header names, in small letters and without its port; null for what is no host name. */
export function hostNamed(header: string): string | null {
  const host = /^([A-Za-z0-9.-]{1,254}?)\.?(?::\d{1,5})?$/.exec(header)?.[1]?.toLowerCase()
  return host !== undefined && plainHost.test(host) ? host : null
}

/** The wildcard that a host falls under; null for a name of one label. */
export function wildcardOf(host: string): string | null {
  const dot = host.indexOf('.')
  return dot < 0 ? null : `*${host.slice(dot)}`
}

/** Whether there is a name that both mean. */
export const hostsOverlap = (a: string, b: string): boolean => a === b || wildcardOf(a) === b || wildcardOf(b) === a
