import java.io.File;
import java.io.FileWriter;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.util.encoders.Hex;

/** The CA itself: its key, what it issued, and the credentials it made for a registration authority. */
final class Authority {
    static final ASN1ObjectIdentifier CMC_RA = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.28");
    private static final SecureRandom RANDOM = new SecureRandom();

    /** One certificate, as GET /issued tells of it. */
    static final class Issued {
        X509CertificateHolder certificate;
        String protocol;
        boolean confirmed;
        boolean revoked;
        int reason;
        Date revokedAt;

        String json() throws Exception {
            return "{\"serial\":\"" + certificate.getSerialNumber().toString(16)
                + "\",\"subject\":" + BcCa.quote(certificate.getSubject().toString())
                + ",\"spki\":\"" + sha256(certificate.getSubjectPublicKeyInfo().getEncoded())
                + "\",\"protocol\":\"" + protocol + "\",\"confirmed\":" + confirmed + ",\"revoked\":" + revoked
                + (revoked ? ",\"reason\":" + reason : "") + "}";
        }
    }

    final PrivateKey key;
    final X509CertificateHolder certificate;
    private final List<Issued> issued = new ArrayList<>();
    private final Path record;

    /** Makes the CA in the folder, or takes the one that is there with all it issued. */
    Authority(File folder, String algorithm) throws Exception {
        File keyFile = new File(folder, "ca.key");
        record = new File(folder, "issued.pem").toPath();
        if (keyFile.exists()) {
            key = readKey(keyFile);
            certificate = (X509CertificateHolder) readPem(new File(folder, "ca.pem"));
            recall();
            return;
        }
        KeyPair pair = makeKey(algorithm);
        key = pair.getPrivate();
        X500Name name = new X500Name("O=Foreign,CN=Foreign CA");
        SubjectPublicKeyInfo spki = SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded());
        X509v3CertificateBuilder builder = builder(name, name, spki, 3650);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        builder.addExtension(Extension.keyUsage, true,
            new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign | KeyUsage.digitalSignature));
        builder.addExtension(Extension.subjectKeyIdentifier, false,
            new JcaX509ExtensionUtils().createSubjectKeyIdentifier(spki));
        certificate = builder.build(signer(key));
        writePem(new File(folder, "ca.pem"), certificate);
        makeRegistrationAuthority(folder, "ra", "EC", true);
        makeRegistrationAuthority(folder, "ra-rsa", "RSA", true);
        makeRegistrationAuthority(folder, "not-ra", "EC", false);
        writePem(keyFile, key);
    }

    static KeyPair makeKey(String algorithm) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, "BC");
        if (algorithm.equals("EC"))
            generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        else
            generator.initialize(2048, RANDOM);
        return generator.generateKeyPair();
    }

    static ContentSigner signer(PrivateKey key) throws Exception {
        String name = key.getAlgorithm().startsWith("EC") ? "SHA256withECDSA" : "SHA256withRSA";
        return new JcaContentSignerBuilder(name).setProvider("BC").build(key);
    }

    private static X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, SubjectPublicKeyInfo spki,
            int days) {
        byte[] octets = new byte[16];
        RANDOM.nextBytes(octets);
        octets[0] = (byte) (octets[0] & 0x3f | 0x40);
        long now = System.currentTimeMillis();
        return new X509v3CertificateBuilder(issuer, new BigInteger(1, octets), new Date(now - 600_000L),
            new Date(now + days * 86_400_000L), subject, spki);
    }

    private X509v3CertificateBuilder leaf(X500Name subject, SubjectPublicKeyInfo spki) throws Exception {
        JcaX509ExtensionUtils utils = new JcaX509ExtensionUtils();
        X509v3CertificateBuilder builder = builder(certificate.getSubject(), subject, spki, 365);
        builder.addExtension(Extension.subjectKeyIdentifier, false, utils.createSubjectKeyIdentifier(spki));
        builder.addExtension(Extension.authorityKeyIdentifier, false, utils.createAuthorityKeyIdentifier(certificate));
        return builder;
    }

    private void makeRegistrationAuthority(File folder, String name, String algorithm, boolean isRa) throws Exception {
        KeyPair pair = makeKey(algorithm);
        X509v3CertificateBuilder builder = leaf(new X500Name("O=Foreign,CN=Gateway " + name),
            SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        if (isRa)
            builder.addExtension(Extension.extendedKeyUsage, false,
                new ExtendedKeyUsage(KeyPurposeId.getInstance(CMC_RA)));
        writePem(new File(folder, name + ".pem"), builder.build(signer(key)));
        writePem(new File(folder, name + ".key"), pair.getPrivate());
    }

    /** Issues; what the request asks for beyond name, key and subjectAltName is not given. */
    synchronized X509CertificateHolder issue(X500Name subject, SubjectPublicKeyInfo spki, Extensions wanted,
            String protocol) throws Exception {
        X509v3CertificateBuilder builder = leaf(subject, spki);
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        Extension names = wanted == null ? null : wanted.getExtension(Extension.subjectAlternativeName);
        if (names != null)
            builder.addExtension(names);
        Issued one = new Issued();
        one.certificate = builder.build(signer(key));
        one.protocol = protocol;
        issued.add(one);
        try (Writer out = new FileWriter(record.toFile(), true); JcaPEMWriter pem = new JcaPEMWriter(out)) {
            pem.writeObject(one.certificate);
        }
        return one.certificate;
    }

    private void recall() throws Exception {
        if (!Files.exists(record))
            return;
        try (PEMParser parser = new PEMParser(Files.newBufferedReader(record))) {
            for (Object next = parser.readObject(); next != null; next = parser.readObject()) {
                Issued one = new Issued();
                one.certificate = (X509CertificateHolder) next;
                one.protocol = "before";
                issued.add(one);
            }
        }
    }

    synchronized Issued find(BigInteger serial) {
        for (Issued one : issued)
            if (one.certificate.getSerialNumber().equals(serial))
                return one;
        return null;
    }

    synchronized boolean revoke(BigInteger serial, int reason) {
        Issued one = find(serial);
        if (one == null)
            return false;
        one.revoked = true;
        one.reason = reason;
        one.revokedAt = new Date();
        return true;
    }

    synchronized X509CRLHolder crl() throws Exception {
        X509v2CRLBuilder builder = new X509v2CRLBuilder(certificate.getSubject(), new Date());
        builder.setNextUpdate(new Date(System.currentTimeMillis() + 86_400_000L));
        for (Issued one : issued)
            if (one.revoked)
                builder.addCRLEntry(one.certificate.getSerialNumber(), one.revokedAt, one.reason);
        return builder.build(signer(key));
    }

    /** Whether this CA issued the certificate and it still holds. */
    boolean vouchesFor(X509CertificateHolder other) throws Exception {
        Issued one = find(other.getSerialNumber());
        return other.getIssuer().equals(certificate.getSubject()) && other.isValidOn(new Date())
            && (one == null || !one.revoked)
            && other.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider("BC").build(certificate));
    }

    boolean isRegistrationAuthority(X509CertificateHolder other) throws Exception {
        if (!vouchesFor(other))
            return false;
        ExtendedKeyUsage usage = ExtendedKeyUsage.fromExtensions(other.getExtensions());
        return usage != null && usage.hasKeyPurposeId(KeyPurposeId.getInstance(CMC_RA));
    }

    synchronized String json() throws Exception {
        StringBuilder out = new StringBuilder("[");
        for (Issued one : issued)
            out.append(out.length() > 1 ? ",\n " : "").append(one.json());
        return out.append("]\n").toString();
    }

    static String sha256(byte[] octets) throws Exception {
        return Hex.toHexString(MessageDigest.getInstance("SHA-256").digest(octets));
    }

    private static Object readPem(File file) throws Exception {
        try (PEMParser parser = new PEMParser(Files.newBufferedReader(file.toPath(), StandardCharsets.US_ASCII))) {
            return parser.readObject();
        }
    }

    private static PrivateKey readKey(File file) throws Exception {
        Object object = readPem(file);
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter().setProvider("BC");
        if (object instanceof PEMKeyPair)
            return converter.getKeyPair((PEMKeyPair) object).getPrivate();
        return converter.getPrivateKey((org.bouncycastle.asn1.pkcs.PrivateKeyInfo) object);
    }

    private static void writePem(File file, Object object) throws Exception {
        try (JcaPEMWriter pem = new JcaPEMWriter(new FileWriter(file))) {
            pem.writeObject(object);
        }
    }
}
