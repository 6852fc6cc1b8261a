package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"
)

func (s *supervisor) startEtcd() (url string, err error) {
	port, err := reservePort()
	if err != nil {
		return "", err
	}
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	err = s.start(etcdRole,
		"--data-dir="+filepath.Join(s.dir, "etcd"),
		"--listen-client-urls="+url,
		"--advertise-client-urls="+url,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--socket-reuse-port",
		// Nothing survives the run, so nothing has to survive a power cut.
		"--unsafe-no-fsync",
		// The only member elects itself once its election timeout is over.
		"--heartbeat-interval=10",
		"--election-timeout=100",
		"--log-outputs=stderr",
		"--log-level=warn",
	)
	if err != nil {
		return "", err
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}}
	return url, s.await(etcdRole, func() error { return get(client, url+"/health", "") })
}

func (s *supervisor) startAPIServer(store string, admin credentials) (url string, err error) {
	port, err := reservePort()
	if err != nil {
		return "", err
	}
	url = fmt.Sprintf("https://127.0.0.1:%d", port)
	err = s.start(apiServerRole,
		"--etcd-servers="+store,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--permit-port-sharing",
		// Without these two a machine with no default route has no API server.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--cert-dir="+filepath.Join(s.dir, "certificates"),
		"--tls-cert-file="+filepath.Join(s.dir, serverCertificateFile),
		"--tls-private-key-file="+filepath.Join(s.dir, serverKeyFile),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file="+filepath.Join(s.dir, accountKeyFile),
		"--service-account-key-file="+filepath.Join(s.dir, accountPublicFile),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--token-auth-file="+filepath.Join(s.dir, tokenFile),
		// A Pod created right after its namespace would be refused until the namespace's default
		// service account exists.
		"--disable-admission-plugins=ServiceAccount",
	)
	if err != nil {
		return "", err
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(admin.authority)
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authorities},
	}}
	return url, s.await(apiServerRole, func() error {
		return get(client, url+"/readyz", admin.token)
	})
}

// startControllerManager expects a ready API server: the controller manager waits for one, but
// gives up after ten seconds.
func (s *supervisor) startControllerManager(kubeconfig string) error {
	return s.start(controllerManagerRole,
		"--kubeconfig="+kubeconfig,
		// The aggregation controller fills the roles admin, edit and view.
		"--controllers=garbage-collector-controller,namespace-controller,job-controller,"+
			"serviceaccount-controller,clusterrole-aggregation-controller",
		"--service-account-private-key-file="+filepath.Join(s.dir, accountKeyFile),
		"--use-service-account-credentials=false",
		"--leader-elect=false",
		"--secure-port=0",
	)
}

func get(client *http.Client, url, token string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	return nil
}
