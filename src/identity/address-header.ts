/** Set by us from the connection; what a client sends under this name is thrown away. */
export const ADDRESS_HEADER = 'x-tradewind-client-address'
