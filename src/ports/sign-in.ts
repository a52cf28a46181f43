/** Has somebody sign in at an OpenID provider. */
export interface SigningIn {
  readonly issuer: string
  readonly clientId: string
  /** With blanks between. */
  readonly scopes: string
  /** With a browser on another machine. */
  readonly isDevice: boolean
}

/** The ID token. Throws LOGIN_UNAVAILABLE, and AUTH_FAILED when nobody signed in. */
export type SignIn = (asked: SigningIn, tell: (line: string) => void, signal: AbortSignal) => Promise<string>
