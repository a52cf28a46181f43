/** What an identity provider says of somebody, once it is sure that it was the provider who said it. */
export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string }

export interface IdTokens {
  /** The claims of an ID token that the provider made for this mesh and that is good now. Throws AUTH_FAILED, and LOGIN_UNAVAILABLE while the provider does not answer. */
  verify(token: string, signal: AbortSignal): Promise<Claims>
}
