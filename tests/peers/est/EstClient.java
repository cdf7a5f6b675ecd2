import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.net.Socket;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Bouncy Castle's EST client: one operation a run. Words are NAME=VALUE, README.md tells them. */
public final class EstClient {
    private static final char[] PASSWORD = "x".toCharArray();
    private static final Map<String, String> words = new HashMap<>();

    private static boolean has(String word) {
        return words.containsKey(word);
    }

    private static X509TrustManager trusted() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int n = 0;
        try (FileInputStream in = new FileInputStream(words.get("trust"))) {
            for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("anchor" + n++, c);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    private static KeyStore own() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(words.get("p12"))) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private static final class Binding implements ChannelBindingProvider {
        @Override
        public boolean canAccessChannelBinding(Socket socket) {
            return socket instanceof BCSSLSocket;
        }

        @Override
        public byte[] getChannelBinding(Socket socket, String kind) {
            return ((BCSSLSocket) socket).getConnection().getChannelBinding(kind);
        }
    }

    private static ESTService service(String where) throws Exception {
        JsseESTServiceBuilder builder = new JsseESTServiceBuilder(where, trusted());
        if (has("p12")) {
            KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(own(), PASSWORD);
            builder.withKeyManagers(keys.getKeyManagers());
        }
        if (has("pop")) {
            builder.withChannelBindingProvider(new Binding());
        }
        if (has("label")) {
            builder.withLabel(words.get("label"));
        }
        builder.withProvider("BCJSSE");
        builder.withTLSVersion(words.getOrDefault("tls", "TLSv1.2"));
        return builder.build();
    }

    private static X500Name subject() throws Exception {
        if (has("subject")) {
            return new X500Name(words.get("subject"));
        }
        KeyStore store = own();
        Certificate certificate = store.getCertificate(store.aliases().nextElement());
        return new JcaX509CertificateHolder((X509Certificate) certificate).getSubject();
    }

    private static void write(Object what) throws Exception {
        try (JcaPEMWriter out = new JcaPEMWriter(new OutputStreamWriter(new FileOutputStream(words.get("out"), true)))) {
            out.writeObject(what);
        }
    }

    private static void take(EnrollmentResponse response) throws Exception {
        if (!response.isCompleted()) {
            throw new IllegalStateException("pending until " + response.getNotBefore());
        }
        Collection<X509CertificateHolder> certificates = response.getStore().getMatches(null);
        for (X509CertificateHolder certificate : certificates) {
            System.out.println("subject " + certificate.getSubject());
            write(certificate);
        }
        if (response.getPrivateKeyInfo() != null) {
            write(response.getPrivateKeyInfo());
        }
    }

    private static void enrol(ESTService service, String operation) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair pair = generator.generateKeyPair();
        PKCS10CertificationRequestBuilder request = new JcaPKCS10CertificationRequestBuilder(subject(), pair.getPublic());
        ContentSigner signer = new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate());
        ESTAuth auth = has("user") ? new org.bouncycastle.est.HttpAuth(words.get("realm"), words.get("user"),
            words.get("password").toCharArray()) : null;
        boolean again = operation.equals("simplereenroll");
        if (operation.equals("serverkeygen")) {
            take(service.simpleEnrollWithServersideCreation(request.build(signer), auth));
        } else if (has("pop")) {
            take(service.simpleEnrollPoP(again, request, signer, auth));
        } else {
            take(service.simpleEnroll(again, request.build(signer), auth));
        }
    }

    private static void run(String where, String operation) throws Exception {
        ESTService service = service(where);
        if (operation.equals("cacerts")) {
            Collection<X509CertificateHolder> found = service.getCACerts().getCertificateStore().getMatches(null);
            for (X509CertificateHolder certificate : found) {
                write(certificate);
            }
        } else if (operation.equals("csrattrs")) {
            CSRRequestResponse response = service.getCSRAttributes();
            System.out.println("attributes " + (response.hasAttributesResponse()
                ? response.getAttributesResponse().getRequirements() : "none"));
        } else {
            enrol(service, operation);
        }
    }

    public static void main(String[] arguments) {
        for (int i = 2; i < arguments.length; i++) {
            String[] word = arguments[i].split("=", 2);
            words.put(word[0], word.length > 1 ? word[1] : "");
        }
        Security.addProvider(new BouncyCastleProvider());
        Security.insertProviderAt(new BouncyCastleJsseProvider(), 1);
        try {
            run(arguments[0], arguments[1]);
        } catch (Exception e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                System.err.println(cause);
            }
            System.exit(1);
        }
    }
}
