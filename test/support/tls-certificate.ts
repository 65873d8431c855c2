/**
 * A certificate for 127.0.0.1 that nobody trusts, and its key, which is no secret: a test that wants it trusted says so.
 * Made by: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=Sluice tests"
 * -addext "subjectAltName=IP:127.0.0.1,DNS:localhost"
 */
export const TLS_CERTIFICATE = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUB8m3upxReaC24VNZ4/rPDW5qwb0wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMU2x1aWNlIHRlc3RzMCAXDTI2MTEyNDAzMDUyN1oYDzIxMjYx
MDMxMDMwNTI3WjAXMRUwEwYDVQQDDAxTbHVpY2UgdGVzdHMwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAATgVL3Yw6n8FS9dx0LEilgnPs+kFVuySw60zgSVNPWodznp
502LAgkjmMqOLCplaGW6241PepUvUvfqcsczyF5Ko28wbTAdBgNVHQ4EFgQUNekL
54wQ/9b6TYKKS6eAA9nzmzQwHwYDVR0jBBgwFoAUNekL54wQ/9b6TYKKS6eAA9nz
mzQwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3Qw
CgYIKoZIzj0EAwIDSAAwRQIgHbH0TQ683LQTIMoSNiaHErT8Tjsxgl4gdvNPdKP9
yk4CIQDlYpTZzpDLI3X2luHC3Uo61x6d4baP5m/w3CzX80W8xQ==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfkJaBPEIdu60lynD
kMxqg5Fxhwt04xvu3bs2KWvWECChRANCAATgVL3Yw6n8FS9dx0LEilgnPs+kFVuy
Sw60zgSVNPWodznp502LAgkjmMqOLCplaGW6241PepUvUvfqcsczyF5K
-----END PRIVATE KEY-----
`,
} as const;
