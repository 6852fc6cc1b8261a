package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	serverCertificateFile = "server.crt"
	serverKeyFile         = "server.key"
	accountKeyFile        = "service-account.key"
	accountPublicFile     = "service-account.pub"
	tokenFile             = "tokens.csv"
)

// credentials is what a client needs; everything else is on disk for the servers alone.
type credentials struct {
	authority []byte // PEM
	token     string
}

// writeCredentials makes a certificate authority, the API server's certificate, the key of the
// service account tokens and the administrator's token, new for each run.
func writeCredentials(dir string) (credentials, error) {
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return credentials{}, err
	}
	token := hex.EncodeToString(secret)
	line := token + `,admin,admin,"system:masters"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, tokenFile), []byte(line), 0o600); err != nil {
		return credentials{}, err
	}
	if err := writeAccountKeys(dir); err != nil {
		return credentials{}, fmt.Errorf("service account key: %w", err)
	}
	authority, err := writeServerCertificate(dir)
	if err != nil {
		return credentials{}, fmt.Errorf("server certificate: %w", err)
	}
	return credentials{authority, token}, nil
}

func writeAccountKeys(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, accountKeyFile), key); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, accountPublicFile), encodePEM("PUBLIC KEY", public), 0o600)
}

// writeServerCertificate signs the server's certificate with an authority whose key is then
// forgotten, and returns the authority. Two certificates, because rustls takes no authority's own
// certificate from a server.
func writeServerCertificate(dir string) ([]byte, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority := certificate(1, "control-plane-authority")
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign
	authorityDER, err := x509.CreateCertificate(
		rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return nil, err
	}
	// As signed it has a key identifier, which strict clients want to see in the server's too.
	if authority, err = x509.ParseCertificate(authorityDER); err != nil {
		return nil, err
	}

	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	server := certificate(2, "kube-apiserver")
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	serverDER, err := x509.CreateCertificate(
		rand.Reader, server, authority, serverKey.Public(), authorityKey)
	if err != nil {
		return nil, err
	}
	if err := writeKey(filepath.Join(dir, serverKeyFile), serverKey); err != nil {
		return nil, err
	}
	serverPEM := encodePEM("CERTIFICATE", serverDER)
	if err := os.WriteFile(filepath.Join(dir, serverCertificateFile), serverPEM, 0o600); err != nil {
		return nil, err
	}
	return encodePEM("CERTIFICATE", authorityDER), nil
}

func certificate(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, encodePEM("EC PRIVATE KEY", der), 0o600)
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func writeKubeconfig(path, server string, admin credentials) error {
	const name = "control-plane"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{
		Server: server, CertificateAuthorityData: admin.authority,
	}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: admin.token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path)
}
