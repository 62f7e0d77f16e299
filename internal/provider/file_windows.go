package provider

const nonBlocking = 0
